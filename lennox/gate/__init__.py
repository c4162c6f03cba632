"""What must hold before a model is loaded: a signed release, trusted keys, policies and audits that stand."""
