"""What componentize-py makes the component from: the plugin's declaration, then what the host calls."""

import feed_report
from noontide.guest import Describe, Handler

__all__ = ["Describe", "Handler", "feed_report"]
