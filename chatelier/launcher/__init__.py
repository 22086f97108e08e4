"""`chatelier up`: which processes run on this machine, and the lock on the home folder."""
