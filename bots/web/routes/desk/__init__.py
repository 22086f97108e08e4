"""The moderators' desk: cases, the community's policy, and the numbers of the week."""
