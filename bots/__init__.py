"""The front ends: each translates what people do into commands of the studio, and what happened back."""
