"""Above the audit: what an audit proves, signatures, somebody else's networks under the gate."""
