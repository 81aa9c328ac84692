"""What componentize-py makes the component from: the plugin's declaration, then what the host calls."""

import noontide_template
from noontide.guest import Describe, Handler

__all__ = ["Describe", "Handler", "noontide_template"]
