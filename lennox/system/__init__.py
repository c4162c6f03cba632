"""What differs between systems, and nothing else.

`handles` for files, `process` for processes, `confined` for the child that decodes.

Everything else of lennox asks here, and so runs the same everywhere; a test holds it to that.
"""
