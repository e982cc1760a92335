"""The venues: one file each. What lies in this folder is what exists."""
