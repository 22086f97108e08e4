"""Everything that can go wrong, as one tree.

An error carries a code and values, no sentence: ``NotFoundError("picture", id=…)`` is ``not_found.picture``. The
sentences are in `bots/texts/coded/`; `explain` in `bots/presentation/compose/errors.py` makes them. ``str(error)`` is
the code with its values, for logs; of a `ServiceError` with a `detail` it is that English sentence, for the operator.
No value ever holds a prompt, a token or a path of the server.

    ChatelierError
    ├── RequestRefusedError          the person may not do this (now)
    │   ├── PolicyRefusalError       a rule of the policy
    │   ├── BannedError
    │   ├── RateLimitedError         try again later
    │   ├── TooManyJobsError
    │   ├── OutOfCreditsError
    │   ├── StorageQuotaError        their pictures, or their community's, take what they may
    │   ├── NotAllowedError          not theirs, or moderators only
    │   ├── ConsentNeededError       a face in an upload
    │   ├── CaseTakenError           another moderator was quicker
    │   ├── WrongChannelError        not in this channel
    │   └── CommunityPausedError     a moderator stopped everything
    ├── BadRequestError              the request makes no sense as it stands
    │   ├── UnknownCommandError
    │   ├── BadParameterError
    │   ├── BadImageError
    │   ├── NotFoundError
    │   └── AmbiguousNameError       several people fit
    ├── NotSupportedError            this model cannot do it
    ├── JobCancelledError
    └── ServiceError                 our side
        ├── QueueUnavailableError
        ├── DatabaseUnavailableError
        ├── StorageError
        ├── InspectionError
        ├── ExaminationError
        ├── SigningError
        ├── ModelLoadError
        ├── HelperUnavailableError
        ├── GenerationError
        └── ConfigurationError
"""

from studio.errors.bad_requests import (
    AmbiguousNameError,
    BadImageError,
    BadParameterError,
    BadRequestError,
    JobCancelledError,
    NotFoundError,
    NotSupportedError,
    UnknownCommandError,
)
from studio.errors.chatelier_error import ChatelierError
from studio.errors.refusals import (
    BannedError,
    CaseTakenError,
    CommunityPausedError,
    ConsentNeededError,
    NotAllowedError,
    OutOfCreditsError,
    PolicyRefusalError,
    RateLimitedError,
    RequestRefusedError,
    StorageQuotaError,
    TooManyJobsError,
    WrongChannelError,
)
from studio.errors.service_errors import (
    ConfigurationError,
    DatabaseUnavailableError,
    ExaminationError,
    GenerationError,
    HelperUnavailableError,
    InspectionError,
    ModelLoadError,
    QueueUnavailableError,
    ServiceError,
    SigningError,
    StorageError,
)

__all__ = [
    "AmbiguousNameError",
    "BadImageError",
    "BadParameterError",
    "BadRequestError",
    "BannedError",
    "CaseTakenError",
    "ChatelierError",
    "CommunityPausedError",
    "ConfigurationError",
    "ConsentNeededError",
    "DatabaseUnavailableError",
    "ExaminationError",
    "GenerationError",
    "HelperUnavailableError",
    "InspectionError",
    "JobCancelledError",
    "ModelLoadError",
    "NotAllowedError",
    "NotFoundError",
    "NotSupportedError",
    "OutOfCreditsError",
    "PolicyRefusalError",
    "QueueUnavailableError",
    "RateLimitedError",
    "RequestRefusedError",
    "ServiceError",
    "SigningError",
    "StorageError",
    "StorageQuotaError",
    "TooManyJobsError",
    "UnknownCommandError",
    "WrongChannelError",
]
