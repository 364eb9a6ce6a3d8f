using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Tandem.Server.Tests")]
[assembly: InternalsVisibleTo("tandem-micro")]
