using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Tandem.Rotations.Tests")]
