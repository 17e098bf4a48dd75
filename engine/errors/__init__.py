"""Everything that can go wrong, as one tree.

TouchstoneError            a sentence for people, a stable code, a remedy, an exit status
├── InputError             wrong input or usage (exit 2)
│   ├── RuleBookError      a rule folder with problems, each at its place
│   ├── UserProblemsError  mistakes in an operation's input, each with the way to it
│   ├── NotFoundError      no such customer, revision, run, task …
│   ├── ConflictError      somebody else was first; read again
│   ├── ForbiddenError     no right to it
│   └── UnauthenticatedError  no token, or one that does not count
├── NotReadyError          no database, no published rules, no model (exit 2)
│   ├── OtherEngineError   a stored decision that another engine version has to replay
│   └── RevisionUnreadableError  a stored rule revision that this version cannot link any more
├── GoneError              what was asked for was taken away on purpose; the sentence says what is left (exit 2)
│   ├── ErasedError        a decision of an erased person
│   └── NotKeptError       a decision whose facts are older than decisions are kept
├── DamagedError           stored bytes that do not fit their hash (exit 1)
│   └── DamagedDatabaseError  what is named as database is damaged, or none (exit 2)
└── CheckFailedError       a check the user asked for failed (exit 1)
"""

from engine.errors.kinds import (
    CheckFailedError,
    ConflictError,
    DamagedDatabaseError,
    DamagedError,
    ErasedError,
    ForbiddenError,
    GoneError,
    InputError,
    NotFoundError,
    NotKeptError,
    NotReadyError,
    OtherEngineError,
    RevisionUnreadableError,
    RuleBookError,
    TouchstoneError,
    UnauthenticatedError,
    UserProblem,
    UserProblemsError,
)
from engine.errors.problems import Given, Place, Problem, Severity, closest, plain_letters
from engine.errors.unforeseen import log_fault

__all__ = [
    "CheckFailedError",
    "ConflictError",
    "DamagedDatabaseError",
    "DamagedError",
    "ErasedError",
    "ForbiddenError",
    "Given",
    "GoneError",
    "InputError",
    "NotFoundError",
    "NotKeptError",
    "NotReadyError",
    "OtherEngineError",
    "Place",
    "Problem",
    "RevisionUnreadableError",
    "RuleBookError",
    "Severity",
    "TouchstoneError",
    "UnauthenticatedError",
    "UserProblem",
    "UserProblemsError",
    "closest",
    "log_fault",
    "plain_letters",
]
