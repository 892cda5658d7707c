"""Every program and Python package tinyflow can need: how to see it, what installs it.

The table `TOOLS` is the whole knowledge; board profiles name its entries. Nothing here imports a
package to look at it, so that a doctor can run when half of them are broken.
"""

from tinyflow.tools.look import Found, Provider, find, require
from tinyflow.tools.packages import (
    advice,
    install,
    install_command,
    installable,
    package_manager,
    python_command,
    system_packages,
)
from tinyflow.tools.table import PYTHON_PACKAGES, TOOLS, Tool, entry

__all__ = [
    "PYTHON_PACKAGES",
    "TOOLS",
    "Found",
    "Provider",
    "Tool",
    "advice",
    "entry",
    "find",
    "install",
    "install_command",
    "installable",
    "package_manager",
    "python_command",
    "require",
    "system_packages",
]
