"""`python -m pharmavoix`."""

from pharmavoix.cli import main

if __name__ == "__main__":
    main()
