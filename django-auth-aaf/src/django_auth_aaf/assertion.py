"""Prove an assertion: that the federation made it, for this service, a moment ago.

The checks are those of the federation's guide for developers (step 4), and more: the
one algorithm is fixed here and never taken from the token, every claim must be there,
and what would be good for long is not taken. An assertion is proven before anything of
it is kept; that it is new is the last question, which `replays.py` answers.
"""

import time
from typing import Any

import jwt
from django.views.decorators.debug import sensitive_variables

from django_auth_aaf.app_settings import AafSettings
from django_auth_aaf.errors import Reason, Refused

# Rapid Connect signs with a shared secret by this algorithm alone (RFC 7518, 3.2).
ALGORITHM = "HS256"
REQUIRED = ["iss", "aud", "exp", "nbf", "jti"]
TYPE = "authnresponse"
# Rapid Connect's are good for two minutes. Each is kept in mind until it has expired.
LONGEST_LIFE_SECONDS = 3600

REASONS: dict[type[jwt.PyJWTError], Reason] = {
    jwt.InvalidAlgorithmError: Reason.ALGORITHM,
    jwt.InvalidSignatureError: Reason.SIGNATURE,
    jwt.MissingRequiredClaimError: Reason.MISSING_CLAIM,
    jwt.InvalidIssuerError: Reason.ISSUER,
    jwt.InvalidAudienceError: Reason.AUDIENCE,
    jwt.ExpiredSignatureError: Reason.EXPIRED,
    jwt.ImmatureSignatureError: Reason.NOT_YET_VALID,
}


@sensitive_variables()
def claims_in(token: str, site: AafSettings) -> dict[str, Any]:
    """Return the claims of a proven assertion, or raise Refused with the reason."""
    if not token.isascii():
        raise Refused(Reason.MALFORMED)
    try:
        claims = jwt.decode(
            token,
            site.secret,
            algorithms=[ALGORITHM],
            audience=site.audience,
            issuer=site.issuer,
            leeway=site.leeway_seconds,
            options={"require": REQUIRED, "strict_aud": True},
        )
    except jwt.PyJWTError as error:
        # Not chained: PyJWT's message may hold a piece of the token.
        raise Refused(REASONS.get(type(error), Reason.MALFORMED)) from None
    if claims.get("typ") != TYPE:
        raise Refused(Reason.TYPE)
    if not claims["jti"]:
        raise Refused(Reason.MISSING_CLAIM)
    if int(claims["exp"]) > time.time() + LONGEST_LIFE_SECONDS:
        raise Refused(Reason.MALFORMED)
    return claims
