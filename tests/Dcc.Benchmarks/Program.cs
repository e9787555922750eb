using BenchmarkDotNet.Running;
using Dcc.Benchmarks;

// dotnet run -c Release --project tests/Dcc.Benchmarks -- charged-gap
// dotnet run -c Release --project tests/Dcc.Benchmarks -- allocations
// dotnet run -c Release --project tests/Dcc.Benchmarks -- link-accuracy
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

if (args is ["link-accuracy"])
{
    await LinkAccuracy.Print();
    return;
}

BenchmarkSwitcher.FromAssembly(typeof(ChargedGapTable).Assembly).Run(args);
