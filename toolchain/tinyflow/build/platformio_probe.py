"""Tells, as JSON on stdout, what PlatformIO has installed; run by the Python that has PlatformIO.

This file is a program of its own, run as a child process by `platformio_packages`, because
PlatformIO's configuration is a process-wide singleton. It never installs anything. It prints

    python platformio_probe.py core
        {"version", "core_dir", "scons": {"requirement", "path"}}
    python platformio_probe.py project FOLDER ENVIRONMENT
        the same and {"platform": {"spec", "version"}, "missing": [package, ...]}, where version
        is null when the platform is not installed, which leaves its packages unknown
    python platformio_probe.py platform SPEC
        {"path"}: the folder of an installed platform, or null
    python platformio_probe.py registry SECONDS
        {"reachable"}
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from typing import Any


def core() -> dict[str, Any]:
    """PlatformIO itself, and the SCons that drives its builds."""
    from platformio import __version__
    from platformio.dependencies import get_core_dependencies
    from platformio.package.manager.core import get_core_package_dir
    from platformio.project.config import ProjectConfig

    return {
        "version": __version__,
        "core_dir": ProjectConfig.get_instance().get("platformio", "core_dir"),
        "scons": {
            "requirement": get_core_dependencies()["tool-scons"],
            "path": get_core_package_dir("tool-scons", auto_install=False),
        },
    }


def project(folder: str, environment: str) -> dict[str, Any]:
    """What an environment of the project in `folder` needs, and what of it is not installed."""
    from platformio.package.manager.platform import PlatformPackageManager
    from platformio.platform.factory import PlatformFactory
    from platformio.project.config import ProjectConfig

    os.chdir(folder)
    spec = ProjectConfig.get_instance().get(f"env:{environment}", "platform")
    package = PlatformPackageManager().get_package(spec)
    linked = spec.removeprefix("symlink://")
    if package is None and (linked == spec or not os.path.isdir(linked)):  # noqa: PTH112
        return {**core(), "platform": {"spec": spec, "version": None}, "missing": []}
    # A linked platform need not be linked yet: `pio run` does that without the registry.
    platform = PlatformFactory.new(package or os.path.abspath(linked))  # noqa: PTH100
    platform.project_env = environment
    platform.configure_project_packages(environment, [])
    missing = [
        platform.get_package_spec(name).humanize()
        for name, options in sorted(platform.packages.items())
        if not options.get("optional") and platform.get_package(name) is None
    ]
    return {
        **core(),
        "platform": {"spec": spec, "version": platform.version},
        "missing": missing,
    }


def platform(spec: str) -> dict[str, Any]:
    """Where an upstream platform is installed."""
    from platformio.package.manager.platform import PlatformPackageManager

    package = PlatformPackageManager().get_package(spec)
    return {"path": package.path if package else None}


def registry(seconds: float) -> dict[str, Any]:
    """Whether any of the registry's hosts answers within `seconds`, through proxies too."""
    import concurrent.futures

    import requests
    from platformio import __registry_mirror_hosts__ as hosts

    def answers(host: str) -> bool:
        with contextlib.suppress(requests.RequestException):
            requests.head(f"https://api.{host}", timeout=seconds)
            return True
        return False

    pool = concurrent.futures.ThreadPoolExecutor(len(hosts))
    tries = [pool.submit(answers, host) for host in hosts]
    reachable = False
    with contextlib.suppress(concurrent.futures.TimeoutError):
        done = concurrent.futures.as_completed(tries, timeout=seconds)
        reachable = any(attempt.result() for attempt in done)
    return {"reachable": reachable}


def main(arguments: list[str]) -> dict[str, Any]:
    """The answer to one command."""
    if arguments[0] == "project":
        return project(arguments[1], arguments[2])
    if arguments[0] == "platform":
        return platform(arguments[1])
    if arguments[0] == "registry":
        return registry(float(arguments[1]))
    return core()


if __name__ == "__main__":
    del sys.path[0]  # This folder has a platformio.py, which is not the one asked for.
    # What a platform's own script prints while it is loaded must not end up in the answer.
    with contextlib.redirect_stdout(sys.stderr):
        answer = main(sys.argv[1:])
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
    os._exit(0)  # A connection attempt may still hang in its thread.
