using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Tandem.Domain")]
[assembly: InternalsVisibleTo("Tandem.Tests")]
