"""Pictures that moderators take down after a report, and what their owners' appeals lead to."""
