using Dcc.Core.Validation;

namespace Dcc.Journal.Tests;

public class StoreLocationTests
{
    private const string Secret = "s3cret";

    [Theory]
    [InlineData("memory", "memory")]
    [InlineData("some/path.db", "some/path.db")]
    [InlineData("odd=name;here.db", "odd=name;here.db")]
    [InlineData("postgres://bob@db.example:6543/runs", "postgresql://bob@db.example:6543/runs")]
    [InlineData("postgresql://bob:s3cret@db.example/runs", "postgresql://bob@db.example:5432/runs")]
    [InlineData("postgres://bob:s3%40cret@[::1]:99/runs?sslmode=verify-full&connect_timeout=2", "postgresql://bob@::1:99/runs")]
    [InlineData("postgres:///runs?host=/run/postgresql&user=eve", "postgresql://eve@/run/postgresql:5432/runs")]
    [InlineData("postgres://eve@%2Frun%2Fpostgresql/runs", "postgresql://eve@/run/postgresql:5432/runs")]
    [InlineData("Host=db.example;Username=bob;Password=s3cret;Database=runs", "postgresql://bob@db.example:5432/runs")]
    [InlineData("Password=s3cret; host = db.example;Username=bob;Database=runs;Port=77", "postgresql://bob@db.example:77/runs")]
    public void Parse_Location_IsShownWithoutItsPassword(string text, string shown)
    {
        var location = StoreLocation.Parse(text);
        Assert.Equal(shown, location.ToString());
        Assert.Equal(text.Contains("s3", StringComparison.Ordinal), location.HasPassword);
    }

    [Theory]
    [InlineData("")]
    [InlineData("postgres://bob:s3cret@host:s3cret/runs")]
    [InlineData("postgres://bob:s3cret@host:99999/runs")]
    [InlineData("postgres://bob:a/s3cret@host/runs")]
    [InlineData("postgres://bob:a?s3cret@host/runs")]
    [InlineData("postgres://bob:x@host/runs?s3cret=1")]
    [InlineData("postgres://bob:x@host/runs?port=s3cret")]
    [InlineData("postgres://bob:x@host/runs?sslmode=s3cret")]
    [InlineData("postgres://bob:x@host/runs?connect_timeout=s3cret")]
    [InlineData("postgres://bob:s3cret@/runs")]
    [InlineData("postgres://bob:s3cret@one,two/runs")]
    [InlineData("Host=a;Password=x;s3cret=1")]
    [InlineData("Host=a;Port=s3cret")]
    [InlineData("Host=a;Password='s3cret")]
    [InlineData("Host=a;s3cret")]
    [InlineData("Host=;Password=s3cret")]
    public void Parse_Malformed_NamesTheFieldAndQuotesNothing(string text)
    {
        var exception = Assert.Throws<InvalidInputException>(() => StoreLocation.Parse(text));
        Assert.StartsWith("store: expected FILE, memory, postgres://", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("postgres://bob:s3cret@db.example/runs")]
    [InlineData("Host=db.example;Password=s3cret")]
    public void ParseArgument_Password_IsRefusedAndNotRepeated(string text)
    {
        var exception = Assert.Throws<InvalidInputException>(() => StoreLocation.ParseArgument(text));
        Assert.Contains("PGPASSWORD", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("postgres://bob:s3cret@127.0.0.1:1/runs")]
    [InlineData("postgres://bob:s3cret@no-such-host.invalid/runs")]
    [InlineData("Host=/nowhere/at/all;Username=bob;Password=s3cret;Database=runs")]
    public void Open_ServerThatIsNotThere_IsOneLineThatNamesIt(string text)
    {
        var location = StoreLocation.Parse(text);
        var exception = Assert.Throws<IOException>(location.Open);
        Assert.StartsWith($"{location}: ", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', exception.Message);
        Assert.DoesNotContain(Secret, exception.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("memory")]
    [InlineData("/no/such/file.db")]
    public void OpenExisting_NothingThere_IsBadInput(string text) =>
        Assert.StartsWith("store: ", Assert.Throws<InvalidInputException>(StoreLocation.Parse(text).OpenExisting).Message, StringComparison.Ordinal);
}
