"""A file of 1 GiB put, and got into a file that is not there yet, against the fastest of three clients."""

from s3_clients import against

LIMITS = {"boto3": 1.15, "obstore": 1.15, "awscrt": 1.15}


def measure(bench):
    return against(bench, "large", LIMITS, rounds=3)
