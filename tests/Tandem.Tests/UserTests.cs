using Xunit;

namespace Tandem.Tests;

public sealed class UserTests
{
    [Theory]
    [InlineData("ada")]
    [InlineData("a")]
    [InlineData("0x")]
    [InlineData("ada.lovelace+test@example.com")]
    public void This_is_a_name(string name) => Assert.True(User.IsName(name));

    [Theory]
    [InlineData("")]
    [InlineData("Ada")]
    [InlineData("_new")]
    [InlineData(".ada")]
    [InlineData("ada lovelace")]
    [InlineData("ada/x")]
    [InlineData("\u00e4da")]
    [InlineData("start")]
    public void This_is_none(string name) => Assert.False(User.IsName(name));

    [Fact]
    public void A_name_has_64_characters_at_most() => Assert.True(User.IsName(new('a', 64)) && !User.IsName(new('a', 65)));

    [Fact]
    public void A_name_is_typed_in_any_case_with_blanks_around() => Assert.Equal("ada@example.com", User.Normalise("  Ada@Example.COM "));

    [Theory]
    [InlineData(UserRole.Viewer, "viewer", "a viewer")]
    [InlineData(UserRole.Operator, "operator", "an operator")]
    [InlineData(UserRole.Administrator, "administrator", "an administrator")]
    public void A_role_is_read_as_it_is_written(UserRole role, string name, string withArticle)
    {
        Assert.Equal((name, withArticle), (Users.NameOf(role), Users.WithArticle(role)));
        Assert.True(Users.TryParseRole(name, out var read) && read == role);
        Assert.False(Users.TryParseRole(name.ToUpperInvariant(), out _));
    }

    [Fact]
    public void A_user_shows_its_name_and_nothing_else() =>
        Assert.Equal("ada", new User { Name = "ada", Role = UserRole.Viewer, PasswordHash = "secret" }.ToString());
}
