"""5,000 objects of 1 KiB put and got, against boto3 with 32 threads and obstore."""

from s3_clients import against

LIMITS = {"boto3": 0.7, "obstore": 1.2}


def measure(bench):
    return against(bench, "small", LIMITS, rounds=3)
