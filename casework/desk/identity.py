"""Signing in with an OpenID Connect provider, where configs/desk.yml names one: authorisation code with PKCE, state and nonce (RFC 9700; OpenID Connect Core 1.0).

The one module of casework beside the time stamps that opens a connection, and to the provider's own hosts alone: to its discovery document, its keys and its
token endpoint. Made of httpx and joserfc: Authlib's client opens its connections with whichever of two libraries it finds. What goes out is the client's name and secret and what the provider gave; nothing of a case, and not what anybody looks at here.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from casework.desk.settings import IdentityProvider
from store.errors import TouchstoneError

if TYPE_CHECKING:
    import httpx

SECRET = "TOUCHSTONE_OIDC_SECRET"  # noqa: S105 - the variable's name
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")  # asymmetric ones: never `none`, never one with the client's secret as key
LEEWAY = 60  # seconds by which two clocks may differ
LARGEST = 1_000_000  # bytes of an answer


class NotSignedIn(TouchstoneError):
    """The provider did not vouch for somebody; the sentence is for them."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in on its way: what the browser keeps until it comes back."""

    state: str
    nonce: str
    verifier: str


def begun() -> Begun:
    return Begun(*(secrets.token_urlsafe(32) for _ in range(3)))


def address(provider: IdentityProvider, way: Begun, back: str) -> str:
    """Where the browser goes to sign in, and from there to `back`. Raises TouchstoneError where the provider cannot be asked."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(way.verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code", "client_id": provider.client_id, "redirect_uri": back, "scope": " ".join(provider.scopes),
        "state": way.state, "nonce": way.nonce, "code_challenge": challenge, "code_challenge_method": "S256",
    }  # fmt: skip
    with _asking() as client:
        endpoint = _discovered(client, provider)["authorization_endpoint"]
    return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{urlencode(asked)}"


def who(provider: IdentityProvider, way: Begun, back: str, given: Mapping[str, str]) -> str:
    """The account's name that the provider vouches for, from what the browser came back with. Raises NotSignedIn."""
    if not secrets.compare_digest(given.get("state", "").encode(), way.state.encode()):
        raise NotSignedIn("That sign-in was not begun in this browser, or long ago. Begin again.")
    if given.get("iss", provider.issuer) != provider.issuer:  # RFC 9207: the answer is another provider's
        raise NotSignedIn("That answer is not from the provider that was asked. Begin again.")
    if "code" not in given:
        raise NotSignedIn(f"{provider.title} did not let you in. Begin again, or use a password.")
    form = {"grant_type": "authorization_code", "code": given["code"], "redirect_uri": back, "code_verifier": way.verifier}
    with _asking() as client:
        found = _discovered(client, provider)
        answer = _json(
            client.post(found["token_endpoint"], data=form, auth=(provider.client_id, os.environ.get(SECRET, ""))), "its token endpoint"
        )
        token = str(answer.get("id_token", "")) if isinstance(answer, dict) else ""
        claims = _claims(_json(client.get(found["jwks_uri"]), "its keys"), token, provider, way.nonce)
    name = claims.get(provider.claim)
    if provider.claim == "email" and claims.get("email_verified") is not True:
        raise NotSignedIn(f"{provider.title} does not vouch for that address.")
    if not isinstance(name, str) or not name.strip():
        raise NotSignedIn(f"{provider.title} did not say who you are here ({provider.claim}). Tell whoever looks after this system.")
    return name


def _claims(keys: Any, token: str, provider: IdentityProvider, nonce: str) -> Mapping[str, Any]:
    """What an ID token says, once its signature and its claims hold (OpenID Connect Core 1.0, section 3.1.3.7)."""
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    client = provider.client_id
    rules = jwt.JWTClaimsRegistry(
        leeway=LEEWAY, iss={"essential": True, "value": provider.issuer}, aud={"essential": True, "value": client}, exp={"essential": True},
        iat={"essential": True}, sub={"essential": True}, nonce={"essential": True, "value": nonce},
    )  # fmt: skip
    try:
        claims = jwt.decode(token, KeySet.import_key_set(keys), algorithms=list(ALGORITHMS)).claims
        rules.validate(claims)
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise NotSignedIn(f"What {provider.title} said of you does not hold ({type(error).__name__}). Begin again.") from None
    audience = claims["aud"]
    if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") != client:
        raise NotSignedIn(f"What {provider.title} said of you was not for this desk. Begin again.")
    return claims


@contextmanager
def _asking() -> Iterator[httpx.Client]:
    """A client that goes straight to the provider: no redirects, no proxy of the environment. What does not answer raises NotSignedIn."""
    try:
        import httpx
    except ImportError:
        raise TouchstoneError("`identity_provider:` needs pip install 'touchstone-scanner[oidc]'") from None
    try:
        with httpx.Client(follow_redirects=False, trust_env=False, timeout=10) as client:
            yield client
    except (httpx.HTTPError, httpx.InvalidURL):
        raise NotSignedIn("The identity provider does not answer. Use a password, or try again.") from None


def _discovered(client: httpx.Client, provider: IdentityProvider) -> Mapping[str, Any]:
    """The issuer's own description of itself. Its endpoints must lie on its host or one that the settings name, and be https where it is."""
    found = _json(client.get(f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration"), "its discovery document")
    if not isinstance(found, dict) or found.get("issuer") != provider.issuer:
        raise TouchstoneError(
            f"{provider.issuer} describes another issuer than itself; `issuer:` in configs/desk.yml must be as it says it"
        )
    own = urlsplit(provider.issuer)
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        parts = urlsplit(str(found.get(name, "")))
        if parts.scheme != own.scheme or (parts.netloc != own.netloc and parts.hostname not in provider.hosts):
            raise TouchstoneError(f"{name} of {provider.issuer} is on {parts.hostname or 'no host'}; name that host under `hosts:` of identity_provider, if it is the provider's")  # fmt: skip
    return found


def _json(answer: httpx.Response, what: str) -> Any:
    if answer.status_code != 200 or len(answer.content) > LARGEST:
        raise NotSignedIn(f"The identity provider could not be asked: {what} answered {answer.status_code}. Use a password, or try again.")
    try:
        return answer.json()
    except ValueError:
        raise NotSignedIn(f"The identity provider could not be asked: {what} is not JSON. Use a password, or try again.") from None
