"""Within the portal only `store/files.py` opens stored files."""

import ast

from tests.architecture.sources import calls, modules

# What opens files of another kind, and which.
OTHERS = {
    "portal/accounts/providers.py": "the site's OpenID Connect providers",
    "portal/cli/rules.py": "a rules file that somebody names",
    "portal/registration/site_rules.py": "the site's rules, and the last good ones",
    "portal/enrolment/source.py": "a site's list of people, and its secret header",
    "portal/notices/server.py": "a connection to the mail server, which is no file",
    "portal/health/certificate.py": "the site's certificate",
    "portal/health/boot.py": "what boot wrote into /run, and the changelog",
}
OPENERS = {
    "open",
    "read_bytes",
    "read_text",
    "write_bytes",
    "write_text",
    "unlink",
    "rmtree",
    "hardlink_to",
    "copyfile",
    "copy2",
}


def openers_in(module: ast.Module) -> list[int]:
    return [call.lineno for name, call in calls(module) if name in OPENERS]


def test_only_the_store_opens_files():
    found = {
        path: lines
        for path, module in modules("portal").items()
        if (lines := openers_in(module))
    }

    assert set(found) == {"portal/store/files.py", *OTHERS}
