using Tandem.Server.People;
using Xunit;

namespace Tandem.Server.Tests.People;

public sealed class PasswordsTests
{
    [Theory]
    [InlineData("three quiet otters")]
    [InlineData("zwölf Boxkämpfer jagen")]
    [InlineData("Zq8!vT3@xL6#nR9$")]
    [InlineData("83910475629105847362")]
    [InlineData("我们今天要去哪里吃晚饭呢朋友们")]
    [InlineData("my tandem has a flat tyre")]
    public void Anything_long_that_nobody_tries_first_is_a_password(string password) => Assert.Null(Passwords.Objection(password, "ada"));

    [Theory]
    [InlineData("", "at least 15")]
    [InlineData("fourteen chars", "at least 15")]
    [InlineData("aaaaaaaaaaaaaaaaaaaa", "too easy to guess")]
    [InlineData("abcabcabcabcabcabc", "too easy to guess")]
    [InlineData("abcdefghijklmnopqrst", "too easy to guess")]
    [InlineData("98765432109876543210", "too easy to guess")]
    [InlineData("ada.lovelace1234", "little more than the name")]
    [InlineData("correct horse battery staple", "tried first")]
    [InlineData("Password12345678", "tried first")]
    [InlineData("qwertyqwertyqwerty", "tried first")]
    [InlineData("AdminAdmin2026!!", "tried first")]
    public void What_is_tried_first_is_none(string password, string why) =>
        Assert.Contains(why, Passwords.Objection(password, "ada.lovelace"), StringComparison.Ordinal);

    [Fact]
    public void A_password_is_at_most_256_characters() => Assert.Contains("at most 256", Passwords.Objection(OneTimeSecret.Create() + new string('x', 256), "ada"), StringComparison.Ordinal);

    [Fact]
    public void Only_the_same_password_matches_and_nobody_has_none()
    {
        var passwords = new Passwords();
        var user = new User { Name = "ada", Role = UserRole.Viewer, PasswordHash = passwords.Hash("three quiet otters") };
        Assert.True(passwords.Matches(user, "three quiet otters"));
        Assert.False(passwords.Matches(user, "three quiet otters "));
        Assert.False(passwords.Matches(user, ""));
        Assert.False(passwords.Matches(null, "three quiet otters"));
        Assert.False(passwords.Matches(user with { PasswordHash = "" }, ""));
        Assert.NotEqual(user.PasswordHash, passwords.Hash("three quiet otters"));
    }
}
