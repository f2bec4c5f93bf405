"""`python -m evalyard`."""

from evalyard.cli.entry import main

if __name__ == "__main__":
    main()
