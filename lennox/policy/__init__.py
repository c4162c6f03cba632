"""A community's equity policy: its file, its rules, its succession. Below the gate, which reads it at every load."""
