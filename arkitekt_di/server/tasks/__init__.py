"""Tasks between apps: who offers what, who called whom, and how it ended; served as the service `rekuest`."""
