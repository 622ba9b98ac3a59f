"""What leaves the house: packages, reports, plans in words. Later: API, console, playback, DICOMweb."""
