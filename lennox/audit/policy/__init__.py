"""A community's equity policy: its file, its rules, its succession."""
