"""The addresses of signing in, and of one's own account: allauth's views, at ours.

Only what is listed here is there, each with and without a closing slash.
"""

from allauth.account import views as account
from allauth.mfa.base import views as factors
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from allauth.socialaccount import views as identities

from portal.web import second_factor
from portal.web.routes import KEY, page
from portal.web.views import email, provider

PROVIDER = "(?P<provider_id>[a-z0-9-]{1,40})"


urlpatterns = [
    page("login", provider.to_a_provider(account.login), "account_login"),
    page("login/passkey", passkeys.login_webauthn, "mfa_login_webauthn"),
    page("login/second", factors.authenticate, "mfa_authenticate"),
    page("login/inactive", account.account_inactive, "account_inactive"),
    page(
        "login/confirm",
        account.email_verification_sent,
        "account_email_verification_sent",
    ),
    page(
        "login/confirm/(?P<key>[-:\\w]{1,300})",
        account.confirm_email,
        "account_confirm_email",
    ),
    page("login/forgotten", account.password_reset, "account_reset_password"),
    page(
        "login/forgotten/sent",
        account.password_reset_done,
        "account_reset_password_done",
    ),
    page(
        "login/forgotten/(?P<uidb36>[0-9A-Za-z]{1,20})-(?P<key>[-\\w]{1,200})",
        account.password_reset_from_key,
        "account_reset_password_from_key",
    ),
    page(
        "login/forgotten/done",
        account.password_reset_from_key_done,
        "account_reset_password_from_key_done",
    ),
    page("signup", account.signup, "account_signup"),
    page(f"oidc/{PROVIDER}/login", provider.login, "openid_connect_login"),
    page(
        f"oidc/{PROVIDER}/login/callback", provider.callback, "openid_connect_callback"
    ),
    page("oidc/cancelled", identities.login_cancelled, "socialaccount_login_cancelled"),
    page("oidc/error", identities.login_error, "socialaccount_login_error"),
    page("account/email", email.email, "account_email"),
    page("account/password", account.password_change, "account_change_password"),
    page("account/password/set", account.password_set, "account_set_password"),
    page(
        "account/identities",
        provider.to_a_provider(identities.connections),
        "socialaccount_connections",
    ),
    page("account/reauthenticate", account.reauthenticate, "account_reauthenticate"),
    page("account/second-factor", factors.index, "mfa_index"),
    page("account/second-factor/again", factors.reauthenticate, "mfa_reauthenticate"),
    page("account/second-factor/app", totp.activate_totp, "mfa_activate_totp"),
    page(
        "account/second-factor/app/remove", totp.deactivate_totp, "mfa_deactivate_totp"
    ),
    page(
        "account/second-factor/codes",
        codes.view_recovery_codes,
        "mfa_view_recovery_codes",
    ),
    page(
        "account/second-factor/codes/new",
        codes.generate_recovery_codes,
        "mfa_generate_recovery_codes",
    ),
    page(
        "account/second-factor/codes/file",
        codes.download_recovery_codes,
        "mfa_download_recovery_codes",
    ),
    page("account/second-factor/keys", passkeys.list_webauthn, "mfa_list_webauthn"),
    page("account/second-factor/keys/add", passkeys.add_webauthn, "mfa_add_webauthn"),
    page(
        "account/second-factor/keys/again",
        passkeys.reauthenticate_webauthn,
        "mfa_reauthenticate_webauthn",
    ),
    page(
        f"account/second-factor/keys/{KEY}/remove",
        second_factor.remove_passkey,
        "mfa_remove_webauthn",
    ),
    page(
        f"account/second-factor/keys/{KEY}/edit",
        passkeys.edit_webauthn,
        "mfa_edit_webauthn",
    ),
]
