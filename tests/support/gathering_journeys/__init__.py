"""Journeys of three people through each kind of gathering, played on every front end."""
