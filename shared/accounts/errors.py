"""What can go wrong with accounts."""

from shared.errors import Conflict, NotFound, Unacceptable


class UserExists(Conflict):
    """The user id is taken."""

    code = "user_exists"


class UserErasing(Conflict):
    """The account of this id is being erased."""

    code = "user_erasing"


class LastAdmin(Conflict):
    """Without this user there would be no administrator."""

    code = "last_admin"


class NoSuchUser(NotFound):
    """There is no such user, or the caller may not know of them."""

    code = "user_not_found"


class UserNotFound(Unacceptable):
    """The body names a user who does not exist."""

    code = "user_not_found"


class TokenNotFound(NotFound):
    """There is no such token, or it is another user's."""

    code = "token_not_found"


class TokenOutlivesMaker(Unacceptable):
    """The new token would be valid for longer than the one that makes it."""

    code = "token_outlives_maker"
