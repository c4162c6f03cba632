"""The equity audit: cases and a community's policy become bounds, verdicts and a report that anybody can check.

`read_cases` -> `audit` -> `judge` -> `report`; `plan` says beforehand what a limit costs in patients.
Needs the extra `lennox[audit]`.
"""

from lennox.audit.audit_table import Cases
from lennox.audit.judge import Judgement, Row, Verdict, judge
from lennox.audit.measure import Audit, audit
from lennox.audit.plan import plan
from lennox.audit.policy.policy import Policy
from lennox.audit.policy.problems import CasesError, PolicyError
from lennox.audit.read_table import Reading, cases_from_table, read_cases

__all__ = [
    "Audit",
    "Cases",
    "CasesError",
    "Judgement",
    "Policy",
    "PolicyError",
    "Reading",
    "Row",
    "Verdict",
    "audit",
    "cases_from_table",
    "judge",
    "plan",
    "read_cases",
]
