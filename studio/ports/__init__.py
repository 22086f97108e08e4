"""What the studio needs and the other packages supply. `chatelier.wiring.ports` plugs them together."""

from studio.ports.captioner import Captioner
from studio.ports.cases import CasePreview, Desk
from studio.ports.events import Delivery, Events
from studio.ports.gate import Admission, Allowance, Gate, Inspected, Inspection
from studio.ports.generation_options import AnnouncedWorker, GenerationOptions, RunnableModel
from studio.ports.image_tools import CleanUpload, FittedMask, ImageTools
from studio.ports.instance import InstanceLimits, Ports
from studio.ports.prompt_helper import PromptHelper
from studio.ports.provenance import Examiner, Signer
from studio.ports.queue import Queue
from studio.ports.store import STORE_PARTS, Store

__all__ = [
    "STORE_PARTS",
    "Admission",
    "Allowance",
    "AnnouncedWorker",
    "Captioner",
    "CasePreview",
    "CleanUpload",
    "Delivery",
    "Desk",
    "Events",
    "Examiner",
    "FittedMask",
    "Gate",
    "GenerationOptions",
    "ImageTools",
    "Inspected",
    "Inspection",
    "InstanceLimits",
    "Ports",
    "PromptHelper",
    "Queue",
    "RunnableModel",
    "Signer",
    "Store",
]
