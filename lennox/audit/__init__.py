"""The equity audit: a table and a community's policy become bounds, verdicts and a report that anybody can check.

`read_table` -> `audit` -> `judge` -> `report`; `plan.plan` says beforehand what a limit
costs in patients; it is not imported here, since few need it and SciPy's distributions take long to load.
Needs the extra `lennox[audit]`.
"""

from lennox.audit.audit_table import AuditTable
from lennox.audit.judge import Judgement, Row, Verdict, judge
from lennox.audit.measure import Audit, audit
from lennox.audit.read_table import TableOptions, read_table, table_from_columns
from lennox.policy.policy import Policy
from lennox.policy.problems import PolicyError, TableError
from lennox.policy.reading import policy_from_bytes, read_policy

__all__ = [
    "Audit",
    "AuditTable",
    "Judgement",
    "Policy",
    "PolicyError",
    "Row",
    "TableError",
    "TableOptions",
    "Verdict",
    "audit",
    "judge",
    "policy_from_bytes",
    "read_policy",
    "read_table",
    "table_from_columns",
]
