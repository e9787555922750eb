using BenchmarkDotNet.Running;
using Dcc.Benchmarks;

// dotnet run -c Release --project tests/Dcc.Benchmarks -- charged-gap
// dotnet run -c Release --project tests/Dcc.Benchmarks -- allocations
// dotnet run -c Release --project tests/Dcc.Benchmarks -- link-accuracy
// dotnet run -c Release --project tests/Dcc.Benchmarks -- page-feed http://127.0.0.1:5081 DEVICES ROUNDS ROUNDS_PER_SECOND
// dotnet run -c Release --project tests/Dcc.Benchmarks -- recovery DEVICES ROUNDS
// dotnet run -c Release --project tests/Dcc.Benchmarks -- --filter '*Learner*'
if (args is ["charged-gap"])
{
    ChargedGapTable.Print();
    return;
}

if (args is [StreamAllocations.Argument, var server, var count])
{
    await StreamAllocations.Serve(server, int.Parse(count, System.Globalization.CultureInfo.InvariantCulture));
    return;
}

if (args is [StreamAllocations.Argument])
{
    await StreamAllocations.Print(10);
    await StreamAllocations.Print(100);
    return;
}

if (args is ["page-feed", var http, var devices, var rounds, var roundsPerSecond])
{
    var culture = System.Globalization.CultureInfo.InvariantCulture;
    await PageFeed.Serve(http, int.Parse(devices, culture), int.Parse(rounds, culture), double.Parse(roundsPerSecond, culture));
    return;
}

if (args is ["recovery", var size, var length])
{
    var culture = System.Globalization.CultureInfo.InvariantCulture;
    await Recovery.Print(int.Parse(size, culture), int.Parse(length, culture));
    return;
}

if (args is ["link-accuracy"])
{
    await LinkAccuracy.Print();
    return;
}

BenchmarkSwitcher.FromAssembly(typeof(ChargedGapTable).Assembly).Run(args);
