using System.Diagnostics.CodeAnalysis;

namespace Tandem;

/// <summary>A result, or the reason why it was refused.</summary>
/// <typeparam name="T">The result.</typeparam>
public readonly struct Outcome<T>
    where T : class
{
    private Outcome(T? value, ErrorKind error) => (Value, Error) = (value, error);

    /// <summary>The result; null when refused.</summary>
    public T? Value { get; }

    /// <summary>Why it was refused; <see cref="ErrorKind.None"/> when it was not.</summary>
    public ErrorKind Error { get; }

    /// <summary>Takes the result, or the reason.</summary>
    public bool Is([NotNullWhen(true)] out T? value, out ErrorKind error)
    {
        (value, error) = (Value, Error);
        return value is not null;
    }

    /// <summary>A result.</summary>
    public static implicit operator Outcome<T>(T value) => new(value ?? throw new ArgumentNullException(nameof(value)), ErrorKind.None);

    /// <summary>A refusal.</summary>
    public static implicit operator Outcome<T>(ErrorKind error) =>
        new(null, error != ErrorKind.None ? error : throw new ArgumentOutOfRangeException(nameof(error)));
}
