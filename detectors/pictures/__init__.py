"""What is taken of a picture and compared: opened safely (opening.py), the pictures inside it found (frames.py), hashed (hashes.py), their
features taken (local.py) and summed (descriptor.py); prints.py takes all of it from one decode, matching.py and geometry.py compare two.
"""

from detectors.pictures.opening import Unreadable as Unreadable
from detectors.pictures.opening import opened as opened
