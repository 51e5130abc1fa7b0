"""The doctor: looks at an installation, its settings, its folders and its hub, and says what to mend."""

from arkitekt_di.doctor.doctor import examine
from arkitekt_di.doctor.finding import Finding, Grade

__all__ = ["Finding", "Grade", "examine"]
