"""Settings as MongoDB's own tools have them: environment variables, and profiles of the Atlas CLI and of mongocli.

In come variables by name, and files; out come the arguments of a session. Only ``profile_files`` does I/O, and only
when a profile is asked for: a session made with keys, or from the environment, loads nothing of profiles.

Where to change what:

- the names of variables, and the setting of a profile each stands for: ``variables``;
- which login wins, what is missing, addresses of services: ``environment``; proxies: ``environment_proxies``;
- where files are, what is in them, which profile is meant: ``profiles``; who may read a file: ``profile_files``;
- the arguments that users may give beside: ``session_arguments``.

The rules are those of the tools. Argument beats variable, variable beats profile. Each setting is looked up by itself,
but for the login: a whole one of the environment is taken as it is, so that no key of the environment is mixed with
half a login of a profile. Example: a profile with ``service = "ops-manager"``, an address and a key, and
``MONGODB_ATLAS_CLIENT_ID`` and ``..._SECRET`` in the environment: the service account is used at the address of the
profile.

No value of a variable or a profile gets into an error: names, paths and numbers of lines do.
"""

__all__: list[str] = []
