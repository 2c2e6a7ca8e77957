"""Signatures of version 4, as the AWS General Reference has them."""

import datetime
import hashlib
import hmac
import re
import urllib.parse

from refusal import Refusal

AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})")
# AWS takes a request for five minutes.
LIFETIME = datetime.timedelta(minutes=5)


def check(method, target, headers, body, access_key, secret_key):
    """Refuses a request that is not signed by the key. `headers` has names in lower case. Returns the service that the
    signature is for."""
    if "authorization" not in headers:
        raise Refusal("Missing Authentication Token", "MissingAuthenticationTokenException", 403)
    parts = AUTHORIZATION.fullmatch(headers["authorization"])
    if not parts:
        raise Refusal("Authorization header is not of version 4", "IncompleteSignatureException", 403)
    key, date, region, service, names, signature = parts.groups()
    if key != access_key:
        raise Refusal("The security token included in the request is invalid.", "UnrecognizedClientException", 403)
    moment = headers.get("x-amz-date", "")
    try:
        signed = datetime.datetime.strptime(moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    except ValueError:
        raise Refusal(f"x-amz-date is {moment!r}", "IncompleteSignatureException", 403) from None
    if abs(datetime.datetime.now(datetime.timezone.utc) - signed) > LIFETIME or not moment.startswith(date):
        raise Refusal(f"Signature expired: {moment}", "InvalidSignatureException", 403)
    names = names.split(";")
    if "host" not in names or any(name.startswith("x-amz-") and name not in names for name in headers):
        raise Refusal("host and all x-amz headers must be signed", "InvalidSignatureException", 403)
    path, _, query = target.partition("?")
    pairs = sorted(pair.partition("=")[::2] for pair in query.split("&") if pair)
    digest = hashlib.sha256(body).hexdigest()
    canonical = "\n".join([
        method,
        # All services but S3 encode the path that is sent once more.
        urllib.parse.quote(path, safe="/-_.~"),
        "&".join(f"{name}={value}" for name, value in pairs),
        *(f"{name}:{' '.join(headers.get(name, '').split())}" for name in names),
        "", ";".join(names), digest])
    if headers.get("x-amz-content-sha256", digest) != digest:
        raise Refusal("x-amz-content-sha256 is not the body's", "InvalidSignatureException", 403)
    scope = f"{date}/{region}/{service}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    step = f"AWS4{secret_key}".encode()
    for part in scope.split("/"):
        step = hmac.digest(step, part.encode(), "sha256")
    if not hmac.compare_digest(hmac.digest(step, text.encode(), "sha256").hex(), signature):
        raise Refusal(
            "The request signature we calculated does not match the signature you provided.", "InvalidSignatureException", 403)
    return service
