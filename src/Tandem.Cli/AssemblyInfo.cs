using System.Runtime.CompilerServices;

// The proof in the large uses what `tandem verify-claims` uses in the small.
[assembly: InternalsVisibleTo("Tandem.Faults")]
[assembly: InternalsVisibleTo("Tandem.Compat.Tests")]
