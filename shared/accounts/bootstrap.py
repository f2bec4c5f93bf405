"""Makes the first administrator of a stack.

`python -m shared.accounts.bootstrap --table NAME --user-id admin` prints {"user_id", "token"}
as JSON. Needs AWS credentials that may write to the table.
"""

import argparse
import sys

import msgspec

from shared import ids
from shared.accounts.errors import UserExists
from shared.accounts.tokens import TokenRequest, issue_token
from shared.accounts.users import User, create_user, find_user
from shared.aws import Table


def main(arguments: list[str]) -> int:
    """Make the administrator, or (with --reissue) give an existing one another token."""
    options = _parser().parse_args(arguments)
    try:
        token = admin_token(Table(options.table), options.user_id, reissue=options.reissue)
    except UserExists as exc:
        sys.stderr.write(f"{options.user_id}: {exc.detail}; --reissue gives it another token\n")
        return 1
    answer = {"user_id": options.user_id, "token": token}
    sys.stdout.write(msgspec.json.encode(answer).decode() + "\n")
    return 0


def admin_token(table: Table, user_id: str, *, reissue: bool) -> str:
    """A token of an administrator who is made unless there. Raises UserExists."""
    user = User(user_id, user_id, True, ids.ulid())
    try:
        create_user(table, user)
    except UserExists:
        known = find_user(table, user_id)
        if not reissue or known is None or not known.admin:
            raise
        user = known
    request = TokenRequest(ids.new_id("tok"), user_id, user.tenant, True, name="bootstrap")
    return issue_token(table, request).secret


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m shared.accounts.bootstrap")
    parser.add_argument("--table", required=True, help="name of the accounts table")
    parser.add_argument("--user-id", default="admin", help="the administrator (default: admin)")
    parser.add_argument("--reissue", action="store_true", help="another token for one who exists")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
