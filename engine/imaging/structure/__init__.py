"""Pictures as maps of their structure: edges, depth, pose."""
