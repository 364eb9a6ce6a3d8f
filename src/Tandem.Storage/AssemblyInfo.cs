using System.Runtime.Versioning;

// File modes, Unix sockets and flock are what the data directory's safety rests on.
[assembly: UnsupportedOSPlatform("windows")]
