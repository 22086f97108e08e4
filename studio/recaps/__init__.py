"""What people of a community made of each other's pictures, and what they did together in a week."""
