using System.Collections.Concurrent;
using System.Reflection;
using Xunit.v3;

[assembly: Dcc.Tests.TestTimeout(10)]

namespace Dcc.Tests;

/// <summary>
/// Cancels every test that takes too long, so that one that waits for what never comes fails by name, with the place where it waited.
/// It is a guard against hanging, not a statement about speed.
/// </summary>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class TestTimeoutAttribute(int minutes) : BeforeAfterTestAttribute
{
    private readonly ConcurrentDictionary<string, Timer> running = new();

    /// <summary>About twenty times what the slowest test takes on two busy cores.</summary>
    public int Minutes { get; } = minutes;

    /// <inheritdoc/>
    public override void Before(MethodInfo methodUnderTest, IXunitTest test)
    {
        var context = TestContext.Current;
        running[test.UniqueID] = new Timer(_ => context.CancelCurrentTest(), null, TimeSpan.FromMinutes(Minutes), Timeout.InfiniteTimeSpan);
    }

    /// <inheritdoc/>
    public override void After(MethodInfo methodUnderTest, IXunitTest test)
    {
        if (running.TryRemove(test.UniqueID, out var timer))
        {
            timer.Dispose();
        }
    }
}
