"""What a community made of each other's pictures: the weekly recap, and the leaderboard."""
