using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Tandem.Tests")]
