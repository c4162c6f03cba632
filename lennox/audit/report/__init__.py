"""An audit as JSON, as a page, and as a sheet for the people concerned."""
