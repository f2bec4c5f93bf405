"""What can go wrong with accounts."""

from shared.errors import Conflict, NotFound, Unacceptable


class UserExists(Conflict):
    """The user id is taken."""

    code = "user_exists"


class UserNotFound(Unacceptable):
    """The body names a user who does not exist."""

    code = "user_not_found"


class TokenNotFound(NotFound):
    """There is no such token, or it is another user's."""

    code = "token_not_found"
