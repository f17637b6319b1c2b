"""What a server's settings, its mappings and a number pool may be.

One judgement for everybody who edits them: forms of the admin and configuration
files. Each function returns every mistake that it finds, none when all is well;
none of them contacts a server or reads the database.
"""

from syncapp.services.directory_settings.directories import DirectoryValues, validate_account, validate_directory
from syncapp.services.directory_settings.mappings import rule_of, validate_mappings
from syncapp.services.directory_settings.mistakes import Mistake
from syncapp.services.directory_settings.people import anchor_caution, anchor_change_mistakes
from syncapp.services.directory_settings.pools import validate_pool
from syncapp.services.directory_settings.scope import branch_mistakes

__all__ = [
    "DirectoryValues",
    "Mistake",
    "anchor_caution",
    "anchor_change_mistakes",
    "branch_mistakes",
    "rule_of",
    "validate_account",
    "validate_directory",
    "validate_mappings",
    "validate_pool",
]
